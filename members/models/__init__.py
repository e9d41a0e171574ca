"""The ground everything stands on, by noun."""

from members.models.areas import Area
from members.models.attempts import LoginAttempts
from members.models.audit import AuditEntry
from members.models.consents import Consent
from members.models.employers import Employer, EmployerName
from members.models.households import Household, Pairing
from members.models.imports import RosterImport
from members.models.people import Duty, Member, Residence
from members.models.users import AreaRole, StaffToken, User

__all__ = [
    "Area",
    "AreaRole",
    "AuditEntry",
    "Consent",
    "Duty",
    "Employer",
    "EmployerName",
    "Household",
    "LoginAttempts",
    "Member",
    "Pairing",
    "Residence",
    "RosterImport",
    "StaffToken",
    "User",
]
