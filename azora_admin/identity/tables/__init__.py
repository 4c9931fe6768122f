"""Tables of identity: people, what lets them in, and what they did."""

from azora_admin.identity.tables.api_keys import ApiKey
from azora_admin.identity.tables.audit import AuditEntry, AuditHead, AuditLink, AuditMark, AuditSeal
from azora_admin.identity.tables.factors import AuthenticatorApp, Passkey, RecoveryCode
from azora_admin.identity.tables.half_sign_ins import HalfSignIn, PasskeyChallenge
from azora_admin.identity.tables.links import OneTimeLink
from azora_admin.identity.tables.people import Person, PersonKey
from azora_admin.identity.tables.refresh_tokens import RefreshFamily, RefreshToken
from azora_admin.identity.tables.seeing import Seeing
from azora_admin.identity.tables.sessions import PersonSession
from azora_admin.identity.tables.signing_keys import SigningKeyRow
from azora_admin.identity.tables.tries import SignInTally

__all__ = [
    "ApiKey",
    "AuditEntry",
    "AuditHead",
    "AuditLink",
    "AuditMark",
    "AuditSeal",
    "AuthenticatorApp",
    "HalfSignIn",
    "OneTimeLink",
    "Passkey",
    "PasskeyChallenge",
    "Person",
    "PersonKey",
    "PersonSession",
    "RecoveryCode",
    "RefreshFamily",
    "RefreshToken",
    "Seeing",
    "SignInTally",
    "SigningKeyRow",
]
