"""Sign people in: by password and a second factor, or by the company's OpenID Connect server.

django-allauth does the flows; here are the few places where Muster tells it what to do.
"""
