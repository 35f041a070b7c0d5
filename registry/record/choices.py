"""The choices of the record, as its readers know them; pure."""

from enum import StrEnum


class Origin(StrEnum):
    IN_HOUSE = "in_house"
    VENDOR = "vendor"
    OPEN_SOURCE = "open_source"
    GROUP_AFFILIATE = "group_affiliate"
    ACQUIRED = "acquired"
    EMBEDDED = "embedded_in_platform"


class ModelKind(StrEnum):
    TRAINED = "trained_ml"
    STATISTICAL = "statistical"
    RULES = "rules"
    SCORECARD = "expert_scorecard"
    THEORY = "theory_based"
    OPTIMISATION = "optimisation"
    BLACK_BOX = "vendor_black_box"
    GENERATIVE = "generative"
    AGENTIC = "agentic"


class Subject(StrEnum):
    """What a decision is about; rulebooks ask for it."""

    CREDIT = "credit"
    EMPLOYMENT = "employment"
    PAY = "pay"
    INSURANCE = "insurance"
    HOUSING = "housing"
    EDUCATION = "education"
    HEALTH = "health"
    ESSENTIAL_SERVICES = "essential_services"
    FRAUD = "fraud"
    PRICING = "pricing"
    REPORTING = "reporting"
    OPERATIONS = "operations"
    MARKETING = "marketing"
    OTHER = "other"


class Group(StrEnum):
    NONE = "none"
    EMPLOYEES = "employees"
    APPLICANTS = "applicants"
    CUSTOMERS = "customers"
    PUBLIC = "public"


class CountBand(StrEnum):
    NONE = "none"
    UNDER_1000 = "under_1000"
    UNDER_100_000 = "under_100000"
    UNDER_1_000_000 = "under_1000000"
    MORE = "1000000_or_more"


class Severity(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class LinkKind(StrEnum):
    MODEL = "model"
    DATASET = "dataset"
    FEATURE = "feature"
    VENDOR = "vendor"
    SYSTEM = "system"


class EuRole(StrEnum):
    PROVIDER = "provider"
    DEPLOYER = "deployer"
    BOTH = "both"
    IMPORTER = "importer"
    DISTRIBUTOR = "distributor"
    NONE = "none"


class EuClass(StrEnum):
    PROHIBITED = "prohibited"
    ANNEX_III = "high_risk_annex_iii"
    ANNEX_I = "high_risk_annex_i"
    EXCLUDED = "art_6_3_excluded"
    TRANSPARENCY = "transparency_only"
    MINIMAL = "minimal"
    NO_AI_SYSTEM = "not_ai_system"


class AnnexPoint(StrEnum):
    """The points of Annex III of the EU AI Act."""

    P1A = "1a"
    P1B = "1b"
    P1C = "1c"
    P2 = "2"
    P3A = "3a"
    P3B = "3b"
    P3C = "3c"
    P3D = "3d"
    P4A = "4a"
    P4B = "4b"
    P5A = "5a"
    P5B = "5b"
    P5C = "5c"
    P5D = "5d"
    P6A = "6a"
    P6B = "6b"
    P6C = "6c"
    P6D = "6d"
    P6E = "6e"
    P7A = "7a"
    P7B = "7b"
    P7C = "7c"
    P7D = "7d"
    P8A = "8a"
    P8B = "8b"


class Ground(StrEnum):
    """The grounds of Article 6(3): a narrow task, better work, patterns, preparing."""

    A = "a"
    B = "b"
    C = "c"
    D = "d"


class DataRole(StrEnum):
    TRAIN = "train"
    VALID = "valid"
    TEST = "test"
    OUT_OF_TIME = "oot"
    REFERENCE = "reference"


class PersonalData(StrEnum):
    NONE = "none"
    PSEUDONYMOUS = "pseudonymous"
    PERSONAL = "personal"


class LabelsFrom(StrEnum):
    SELF_REPORTED = "self_reported"
    INFERRED = "inferred"
    NONE = "none"


class Adaptation(StrEnum):
    STATIC = "static"
    SCHEDULED = "scheduled_retrain"
    TRIGGERED = "triggered_retrain"
    ONLINE = "online_learning"


class Interpretability(StrEnum):
    INHERENT = "inherent"
    POST_HOC_GLOBAL = "post_hoc_global"
    POST_HOC_LOCAL = "post_hoc_local"
    NONE = "none"


class Retention(StrEnum):
    STANDARD = "standard"
    TEN_YEARS = "ten_years"
    LEGAL_HOLD = "legal_hold"
    PERMANENT = "permanent"


class Direction(StrEnum):
    ABOVE = "above"
    BELOW = "below"
