"""The models of members, one file for each noun."""

from members.models.area_names import AreaName
from members.models.areas import Area
from members.models.attempts import LoginAttempts
from members.models.audit import AuditEntry
from members.models.columns import RosterColumns
from members.models.consents import Consent
from members.models.corrections import CorrectionRequest
from members.models.duties import Duty
from members.models.employers import Employer, EmployerName
from members.models.households import Household, Pairing
from members.models.imports import RosterImport
from members.models.journal import JournalMark
from members.models.moves import Move
from members.models.people import Member, Residence
from members.models.throttles import CallCount
from members.models.transfers import Transfer
from members.models.users import AreaRole, StaffToken, User
from members.models.workers import WorkerBeat

__all__ = [
    "Area",
    "AreaName",
    "AreaRole",
    "AuditEntry",
    "CallCount",
    "Consent",
    "CorrectionRequest",
    "Duty",
    "Employer",
    "EmployerName",
    "Household",
    "JournalMark",
    "LoginAttempts",
    "Member",
    "Move",
    "Pairing",
    "Residence",
    "RosterColumns",
    "RosterImport",
    "StaffToken",
    "Transfer",
    "User",
    "WorkerBeat",
]
