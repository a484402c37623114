"""Files as other tools write them, with marked secrets."""

import base64
import io
import json
import zipfile

SECRET = "hunter2-canary-5c1f"

DOTENV = f"""# the shop
export STRIPE_API_KEY="{SECRET}"
DATABASE_URL=postgresql://app:{SECRET}@db.example.org:5432/shop
EMPTY=
PLAIN=hello # a comment
this line says nothing
TWICE=first
TWICE='second'
"""

BITWARDEN = json.dumps(
    {
        "encrypted": False,
        "folders": [{"id": "f1", "name": "Payments/Live mode"}],
        "items": [
            {
                "type": 1, "name": "Stripe (live)", "folderId": "f1", "notes": "call Anna",
                "fields": [{"name": "Webhook secret", "value": SECRET, "type": 1}],
                "login": {
                    "username": "ops@example.org", "password": SECRET, "totp": "otpauth://x",
                    "uris": [{"match": None, "uri": "https://dashboard.stripe.com"}],
                },
            },
            {
                "type": 1, "name": "Shop database", "login": {
                    "password": f"mysql://app:{SECRET}@db.example.org/shop"},
            },
            {"type": 2, "name": "Licence", "notes": SECRET, "secureNote": {"type": 0}},
            {"type": 3, "name": "Company card", "card": {"number": SECRET}},
            {"type": 4, "name": "Olivia", "identity": {"ssn": SECRET}},
            {"type": 1, "name": "Nothing in it", "login": {"password": None}},
        ],
    }
)  # fmt: skip

BITWARDEN_CSV = f"""folder,type,name,notes,fields,login_uri,login_username,login_password
Payments,login,Stripe,"two
lines","PIN: {SECRET}",https://stripe.com,ops,{SECRET}
,note,A note,{SECRET},,,,
"""

ONEPASSWORD_CSV = f"""Title,Url,Username,Password,OTPAuth,Favorite,Archived,Tags,Notes,Account id
GitHub,https://github.com,octo,{SECRET},,false,false,code;ci,an OAuth token,acct_1
Old one,https://example.org,me,{SECRET},,false,true,,,
Only a note,,,,,,,,{SECRET},
"""

ONEPASSWORD_1PIF = "\n***5642bee8-a5ff-11dc-8314-0800200c9a66***\n".join(
    json.dumps(item)
    for item in (
        {
            "typeName": "webforms.WebForm", "title": "Stripe", "location": "https://stripe.com",
            "openContents": {"tags": ["live"]},
            "secureContents": {
                "fields": [
                    {"designation": "username", "value": "ops"},
                    {"designation": "password", "value": SECRET},
                ],
                "sections": [{"fields": [{"k": "concealed", "t": "Pin", "v": SECRET}]}],
            },
        },
        {"typeName": "passwords.Password", "title": "Bare", "secureContents": {"password": SECRET}},
        {"typeName": "wallet.financial.CreditCard", "title": "Card", "secureContents": {}},
        {"typeName": "webforms.WebForm", "title": "Gone", "trashed": True, "secureContents": {}},
    )
)  # fmt: skip


def _onepassword_1pux() -> str:
    item = {
        "categoryUuid": "001",
        "overview": {"title": "Stripe"},
        "details": {"loginFields": [{"designation": "password", "value": SECRET}]},
    }
    data = {"accounts": [{"vaults": [{"attrs": {"name": "Ops"}, "items": [item]}]}]}
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        writer.writestr("export.data", json.dumps(data))
    return base64.b64encode(archive.getvalue()).decode()


EXPORTS = {
    "env": DOTENV,
    "1password-csv": ONEPASSWORD_CSV,
    "1password-1pif": ONEPASSWORD_1PIF,
    "1password-1pux": _onepassword_1pux(),
    "bitwarden-json": BITWARDEN,
    "bitwarden-csv": BITWARDEN_CSV,
    "keepass-csv": f'"Account","Login Name","Password"\n"Srv","root","{SECRET}"\n',
    "keepass-xml": "<KeePassFile><Root><Group><Entry><String><Key>Title</Key><Value>Srv</Value>"
    f"</String><String><Key>Password</Key><Value>{SECRET}</Value></String></Entry></Group></Root>"
    "</KeePassFile>",
    "lastpass-csv": "url,username,password,totp,extra,name,grouping,fav\n"
    f"https://a.example,ops,{SECRET},,,Item,Prod,0\n",
    "json": json.dumps({"STRIPE_KEY": SECRET}),
    "infisical-json": json.dumps([{"key": "STRIPE_KEY", "value": SECRET}]),
    "infisical-csv": f"key,value\nSTRIPE_KEY,{SECRET}\n",
    "vault-kv": json.dumps({"data": {"data": {"password": SECRET}, "metadata": {"version": 1}}}),
    "aws-credentials": f"[default]\naws_access_key_id = A\naws_secret_access_key = {SECRET}\n",
    "kubeconfig": "kind: Config\nusers:\n- name: u\n  user: {token: " + SECRET + "}\n",
    "google-service-account": json.dumps({"type": "service_account", "private_key": SECRET}),
    "pem": f"-----BEGIN X SECRET-----\n{SECRET}\n-----END X SECRET-----\n",
}
