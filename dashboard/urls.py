"""The address of every page."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from dashboard.pages import (
    account,
    alerts,
    audit,
    checks,
    contract,
    discovery,
    fleet,
    importing,
    inbox,
    incident_acts,
    incident_pdf,
    incidents,
    inventory,
    me,
    model,
    model_acts,
    notifications,
    policies,
    record,
    register,
    rules,
    run,
    run_acts,
    run_csv,
    settings,
    sign_in,
    timeline,
    tokens,
    upload,
)
from dashboard.pages.sections import SECTIONS
from registry.sign_in.company import PROVIDER_ID

# The names are allauth's: its flows lead from one of these pages to the next by them.
_COMPANY = {"provider_id": PROVIDER_ID}
_SIGN_IN = [
    path("sign-in/", sign_in.SignIn.as_view(), name="account_login"),
    path("sign-in/code/", sign_in.SecondFactor.as_view(), name="mfa_authenticate"),
    path("sign-in/again/", sign_in.PasswordAgain.as_view(), name="account_reauthenticate"),
    path("sign-in/again/code/", sign_in.CodeAgain.as_view(), name="mfa_reauthenticate"),
    path("sign-in/closed/", sign_in.closed, name="account_inactive"),
    path("sign-in/company/", sign_in.by_company, _COMPANY, name="openid_connect_login"),
    path("sign-in/company/back/", sign_in.from_company, _COMPANY, name="openid_connect_callback"),
    path("sign-out/", LogoutView.as_view(), name="account_logout"),
    path("account/", me.account, name="mfa_index"),
    path("account/password/", sign_in.NewPassword.as_view(), name="account_change_password"),
    path("account/app/", sign_in.SetUpApp.as_view(), name="mfa_activate_totp"),
    path("account/app/remove/", sign_in.RemoveApp.as_view(), name="mfa_deactivate_totp"),
    path("account/codes/", sign_in.RecoveryCodes.as_view(), name="mfa_view_recovery_codes"),
    path(
        "account/codes/new/", sign_in.NewRecoveryCodes.as_view(), name="mfa_generate_recovery_codes"
    ),
    path("account/sign-out-elsewhere/", me.end_sessions, name="end-sessions"),
]
_PAGES = [
    path("preferences/", account.preferences, name="preferences"),
    path("", fleet.start, name="start"),
    path("fleet/", fleet.fleet, name="fleet"),
    path("inventory/", inventory.inventory, name="inventory"),
    path("register/", register.register, name="register"),
    path("discovery/", discovery.queue, name="discovery"),
    path("discovery/<int:number>/dismiss/", discovery.dismiss, name="dismiss"),
    path("import/", importing.source, name="import"),
    path("import/picked/", discovery.pick, name="import-picked"),
    path("import/from/<slug:slug>/", importing.choose, name="import-choose"),
    path("import/from/<slug:slug>/map/", importing.assign, name="import-map"),
    path("import/file/", importing.file, name="import-file"),
    path("import/done/<uuid:key>/", importing.done, name="import-done"),
    path("import/done/<uuid:key>/errors.csv", importing.errors, name="import-errors"),
    path("m/<slug:slug>/", model.model, name="model"),
    path("m/<slug:slug>/history/", timeline.timeline, name="model-history"),
    path("m/<slug:slug>/edit/", register.edit, name="model-edit"),
    path("m/<slug:slug>/compare/", model_acts.compare, name="model-compare"),
    path("m/<slug:slug>/tie/", model_acts.tie, name="model-tie"),
    path("m/<slug:slug>/record/", record.record, name="record"),
    path("m/<slug:slug>/record/<slug:group>/", record.group, name="record-group"),
    path("m/<slug:slug>/rulebooks/<str:regime>/", record.rulebook, name="rulebook"),
    path("m/<slug:slug>/tier/", record.tier, name="tier"),
    path("m/<slug:slug>/tier/answers/", record.answers, name="tier-answers"),
    path("m/<slug:slug>/tier/approve/", record.approve, name="tier-approve"),
    path("m/<slug:slug>/tier/end/", record.end, name="tier-end"),
    path("m/<slug:slug>/sources/<slug:name>/", register.source, name="source"),
    path("m/<slug:slug>/sources/<slug:name>/upload/", upload.upload, name="source-upload"),
    path("m/<slug:slug>/contract/", contract.contract, name="contract"),
    path("m/<slug:slug>/checks/new/", checks.add, name="check-add"),
    path("m/<slug:slug>/checks/<slug:check>/", checks.change, name="check"),
    path("m/<slug:slug>/checks/<slug:check>/pause/", checks.pause, name="check-pause"),
    path("m/<slug:slug>/runs/<int:number>/", run.run, name="run"),
    path("m/<slug:slug>/runs/<int:number>/readings.csv", run_csv.readings, name="run-csv"),
    path("m/<slug:slug>/runs/<int:number>/again/", run_acts.again, name="run-again"),
    path("m/<slug:slug>/runs/<int:number>/expect/", run_acts.expect, name="run-expect"),
    path(
        "m/<slug:slug>/runs/<int:number>/expect/<int:key>/end/",
        run_acts.unexpect,
        name="run-unexpect",
    ),
    path("m/<slug:slug>/runs/<int:number>/report/", run_acts.report, name="run-report"),
    path("m/<slug:slug>/runs/<int:number>/report/ask/", run_acts.ask_report, name="run-ask-report"),
    path("alerts/", alerts.alerts, name="alerts"),
    path("alerts/rules/", rules.rules, name="alert-rules"),
    path("incidents/", inbox.incidents, name="incidents"),
    path("incidents/together/", incident_acts.together, name="incidents-together"),
    path("incidents/<int:number>/", incidents.incident, name="incident"),
    path(
        "incidents/<int:number>/acknowledge/",
        incident_acts.acknowledge,
        name="incident-acknowledge",
    ),
    path("incidents/<int:number>/sheet.pdf", incident_pdf.sheet, name="incident-sheet"),
    path("incidents/<int:number>/snooze/", incident_acts.snooze, name="incident-snooze"),
    path("incidents/<int:number>/retrain/", incident_acts.retrain, name="incident-retrain"),
    path("incidents/<int:number>/wake/", incident_acts.wake, name="incident-wake"),
    path("incidents/<int:number>/assign/", incident_acts.assign, name="incident-assign"),
    path("incidents/<int:number>/close/", incident_acts.close, name="incident-close"),
    path("policies/", policies.policies, name="policies"),
    path("policies/new/", policies.add, name="policy-add"),
    path("policies/<slug:slug>/", policies.policy, name="policy"),
    path("audit/", audit.audit, name="audit"),
]
_SETTINGS = [
    path("settings/", settings.start, name="settings"),
    path("settings/tokens/", tokens.own, name="settings-tokens"),
    path("settings/tokens/<int:number>/revoke/", tokens.revoke, name="token-revoke"),
    path("account/notifications/", notifications.mine, name="my-notifications"),
    path(
        "settings/units/<slug:key>/notifications/",
        notifications.of_unit,
        name="unit-notifications",
    ),
    path("settings/units/<slug:key>/members/", settings.members, name="unit-members"),
]
for _name in SECTIONS:
    _given = {"name": _name}
    _SETTINGS += [
        path(f"settings/{_name}/", settings.section, _given, name=f"settings-{_name}"),
        path(f"settings/{_name}/new/", settings.add, _given, name=f"{_name}-add"),
        path(f"settings/{_name}/<str:key>/", settings.change, _given, name=f"{_name}-change"),
    ]

urlpatterns = [*_SIGN_IN, *_PAGES, *_SETTINGS]
