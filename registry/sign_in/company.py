"""Sign in by the company's OpenID Connect server: the code flow with PKCE and a nonce.

allauth keeps the state and exchanges the code; it neither sends a nonce nor checks the token's
signature, so both are done here. An identity is bound once, to a person who exists already and
has the address that the server says it verified; afterwards only the identity counts.
"""

import base64
import hashlib
import hmac
from datetime import datetime
from typing import Any

import jwt
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthError
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.urls import reverse

from registry import actors, audit, clock
from registry.actors import Actor
from registry.models import Person
from registry.sign_in import guarded, sessions

PROVIDER_ID = "company"
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_LEEWAY = 60  # seconds that the clocks of the two servers may differ


class Refused(Exception):
    """The company's server did not lead to an account here; the text says what to do."""


# What ends a sign-in by the company's server with a page that says `reason(error)`.
NOT_LET_IN = (Refused, OAuth2Error, guarded.RequestException)


class NoIdentity(Exception):
    """This person has not signed in by the company's server."""


def is_configured() -> bool:
    """Say whether there is a company server to sign in by."""
    return bool(settings.MUSTER_OIDC_ISSUER)


def is_bound(person: Person) -> bool:
    """Say whether somebody has signed in by the company's server before."""
    return bool(SocialAccount.objects.filter(user=person, provider=PROVIDER_ID).exists())


class CompanyServer(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """The server's own addresses and what it says about somebody."""

    nonce = ""

    @property
    def openid_config(self) -> dict[str, Any]:
        if not hasattr(self, "_openid_config"):
            config = super().openid_config
            # Another issuer's document would let that one speak for ours.
            told, wanted = str(config.get("issuer", "")), settings.MUSTER_OIDC_ISSUER
            if told.rstrip("/") != wanted.rstrip("/"):
                raise OAuth2Error(f"it calls itself {told[:200]} instead of {wanted}")
            missing = [name for name in _ENDPOINTS if not isinstance(config.get(name), str)]
            if missing:
                raise OAuth2Error(f"its description lacks {', '.join(missing)}")
        found: dict[str, Any] = self._openid_config
        return found

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        path = reverse("openid_connect_callback", kwargs={"provider_id": PROVIDER_ID})
        return f"{settings.MUSTER_PUBLIC_URL}{path}"

    def get_access_token_data(
        self, request: HttpRequest, app: Any, client: Any, pkce_code_verifier: str | None = None
    ) -> Any:
        self.nonce = _nonce(pkce_code_verifier or "")
        return super().get_access_token_data(request, app, client, pkce_code_verifier)

    def complete_login(
        self, request: HttpRequest, app: Any, token: Any, **kwargs: Any
    ) -> SocialLogin:
        claims = self._verified(str(kwargs["response"].get("id_token") or ""), app.client_id)
        if "email" not in claims and self.openid_config.get("userinfo_endpoint"):
            more = self._fetch_user_info(token.token)
            if not isinstance(more, dict) or more.get("sub") != claims["sub"]:
                raise OAuth2Error("its user info is about somebody else")
            claims = {**more, **claims}
        return self.get_provider().sociallogin_from_response(request, claims)

    def _verified(self, id_token: str, client_id: str) -> dict[str, Any]:
        """Return the token's claims once signature, issuer, audience, time and nonce are right."""
        try:
            header = jwt.get_unverified_header(id_token)
            if header.get("alg") not in _ALGORITHMS:
                raise OAuth2Error("its token is not signed with a public key")
            claims: dict[str, Any] = jwt.decode(
                id_token,
                self._key(header.get("kid")),
                algorithms=[header["alg"]],
                audience=client_id,
                issuer=self.openid_config["issuer"],
                leeway=_LEEWAY,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            raise OAuth2Error(f"its token is not valid: {error}") from error
        if not hmac.compare_digest(str(claims.get("nonce", "")), self.nonce):
            raise OAuth2Error("its token answers another sign-in (nonce)")
        if isinstance(claims["aud"], list) and claims.get("azp", client_id) != client_id:
            raise OAuth2Error("its token is for another client (azp)")
        return claims

    def _key(self, key_id: str | None) -> Any:
        with guarded.session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
            keys = jwt.PyJWKSet.from_dict(answer.json()).keys
        fitting = [key for key in keys if key_id in (None, key.key_id)]
        if len(fitting) != 1:
            raise OAuth2Error("it does not publish the key that signed its token")
        return fitting[0].key


class CompanyProvider(OpenIDConnectProvider):  # type: ignore[misc]
    """allauth's provider with the checks above."""

    oauth2_adapter_class = CompanyServer

    def get_pkce_params(self) -> dict[str, str]:
        params: dict[str, str] = super().get_pkce_params()
        return {**params, "nonce": _nonce(params["code_verifier"])}

    def extract_uid(self, data: dict[str, Any]) -> str:
        # With the issuer: should the company change its server, old subjects mean nothing.
        return hashlib.sha256(f"{data['iss']}\n{data['sub']}".encode()).hexdigest()

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        methods = data.get("amr")
        return {
            "iss": data["iss"],
            "sub": data["sub"],
            "email": str(data.get("email") or "")[:254].lower(),
            "email_verified": data.get("email_verified") in (True, "true"),
            "mfa": isinstance(methods, list) and "mfa" in methods,
        }


class CompanyAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Nobody signs up by the company's server either; known people are bound to it."""

    def get_requests_session(self) -> Any:
        return guarded.session()

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        if not sociallogin.is_existing:
            sociallogin.user = _bind(request, sociallogin.account)

    def on_authentication_error(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        if kwargs.get("error") == AuthError.CANCELLED:
            raise Refused("The sign-in there was canceled.")
        if (exception := kwargs.get("exception")) is not None:
            raise exception
        raise Refused(
            "The sign-in took too long or was begun in another browser. Begin it again here."
        )


def assures_second_factor(login: SocialLogin) -> bool:
    """Say whether this sign-in by the company's server counts as one with a second factor."""
    return settings.MUSTER_OIDC_ASSURES_MFA or bool(login.account.extra_data.get("mfa"))


@transaction.atomic
def release(actor: Actor, person: Person, *, at: datetime, reason: str) -> None:
    """Forget the identity of somebody; the next sign-in by the company's server binds anew."""
    bound = SocialAccount.objects.filter(user=person, provider=PROVIDER_ID).first()
    if bound is None:
        raise NoIdentity(NoIdentity.__doc__)
    before = {"issuer": bound.extra_data.get("iss"), "subject": bound.extra_data.get("sub")}
    bound.delete()
    sessions.end_all(person)
    audit.record(actor, "person.identity_released", person, at=at, before=before, reason=reason)


def _bind(request: HttpRequest, account: SocialAccount) -> Person:
    told = account.extra_data
    if not told["email"]:
        raise Refused("It does not say your e-mail address. Its administrator can release it.")
    if not told["email_verified"] and not settings.MUSTER_OIDC_TRUST_EMAIL:
        raise Refused(f"It has not verified {told['email']}. Its administrator can do that.")
    with transaction.atomic():
        person = Person.objects.select_for_update().filter(email=told["email"]).first()
        if person is None or not person.is_active:
            raise Refused(
                f"There is no open account for {told['email']} here."
                " Ask a platform admin of Muster to make or open it."
            )
        if is_bound(person):
            raise Refused(
                f"{told['email']} belongs to another identity of it here. If the address was"
                " given to you anew, a platform admin of Muster can release it."
            )
        account.user = person
        try:
            with transaction.atomic():
                account.save()
        except IntegrityError as error:
            raise Refused("The same identity was bound at this moment. Try again.") from error
        actor = actors.of_person(person, request_id=getattr(request, "request_id", ""))
        after = {"issuer": told["iss"], "subject": told["sub"]}
        audit.record(actor, "person.identity_bound", person, at=clock.now(), after=after)
    return person


def reason(error: Exception) -> str:
    """Put into words why somebody was not let in."""
    if isinstance(error, Refused):
        return str(error)
    if isinstance(error, guarded.RequestException):
        return f"It did not answer as it should. {error}"
    return f"Something is not right there: {error}."


def _nonce(verifier: str) -> str:
    """Derive the nonce from the secret of PKCE, which only this browser's session knows."""
    hashed = hashlib.sha256(b"nonce " + verifier.encode()).digest()
    return base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()
