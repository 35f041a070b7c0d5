"""What a version must show before it may serve, and how it compares with the champion."""
