"""Well-known services: which hosts take the key, and how, by their own documentation."""

from dataclasses import dataclass

from disclosure.destinations import (
    Basic,
    Bearer,
    Destination,
    Header,
    Injection,
    parse_destination,
)


@dataclass(frozen=True, slots=True)
class Provider:
    """A service by name. `source` is its documentation of authentication."""

    slug: str
    name: str
    hosts: tuple[str, ...]
    inject: Injection
    source: str

    @property
    def destinations(self) -> tuple[Destination, ...]:
        """What a credential of this service has as `destinations`."""
        return tuple(Destination(host, inject=self.inject) for host in self.hosts)


_BEARER = Bearer()

PROVIDERS: tuple[Provider, ...] = (
    Provider(
        "airtable",
        "Airtable",
        ("api.airtable.com", "content.airtable.com"),
        _BEARER,
        "https://airtable.com/developers/web/api/authentication",
    ),
    Provider(
        "anthropic",
        "Anthropic",
        ("api.anthropic.com",),
        Header("x-api-key"),
        "https://platform.claude.com/docs/en/api/overview",
    ),
    Provider(
        "brevo",
        "Brevo",
        ("api.brevo.com",),
        Header("api-key"),
        "https://developers.brevo.com/docs/getting-started",
    ),
    Provider(
        "cloudflare",
        "Cloudflare",
        ("api.cloudflare.com",),
        _BEARER,
        "https://developers.cloudflare.com/fundamentals/api/how-to/make-api-calls/",
    ),
    Provider(
        "cohere", "Cohere", ("api.cohere.com",), _BEARER, "https://docs.cohere.com/reference/about"
    ),
    Provider(
        "datadog",
        "Datadog (US1)",
        ("api.datadoghq.com",),
        Header("DD-API-KEY"),
        "https://docs.datadoghq.com/api/latest/authentication/",
    ),
    Provider(
        "digitalocean",
        "DigitalOcean",
        ("api.digitalocean.com",),
        _BEARER,
        "https://docs.digitalocean.com/reference/api/",
    ),
    Provider(
        "discord-bot",
        "Discord (bot)",
        ("discord.com",),
        Header("Authorization", "Bot {value}"),
        "https://discord.com/developers/docs/reference#authentication",
    ),
    Provider(
        "elevenlabs",
        "ElevenLabs",
        ("api.elevenlabs.io",),
        Header("xi-api-key"),
        "https://elevenlabs.io/docs/api-reference/authentication",
    ),
    Provider(
        "fastly",
        "Fastly",
        ("api.fastly.com",),
        Header("Fastly-Key"),
        "https://www.fastly.com/documentation/reference/api/auth-tokens/",
    ),
    Provider(
        "figma",
        "Figma",
        ("api.figma.com",),
        Header("X-Figma-Token"),
        "https://developers.figma.com/docs/rest-api/authentication/",
    ),
    Provider(
        "github",
        "GitHub",
        ("api.github.com", "uploads.github.com"),
        _BEARER,
        "https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api",
    ),
    Provider(
        "github-git",
        "GitHub (Git over HTTPS)",
        ("github.com",),
        Basic("x-access-token"),
        "https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/"
        "authenticating-as-a-github-app-installation",
    ),
    Provider(
        "gitlab",
        "GitLab",
        ("gitlab.com",),
        Header("PRIVATE-TOKEN"),
        "https://docs.gitlab.com/api/rest/authentication/",
    ),
    Provider(
        "google-gemini",
        "Google Gemini",
        ("generativelanguage.googleapis.com",),
        Header("x-goog-api-key"),
        "https://ai.google.dev/gemini-api/docs/api-key",
    ),
    Provider(
        "groq", "Groq", ("api.groq.com",), _BEARER, "https://console.groq.com/docs/api-reference"
    ),
    Provider(
        "hubspot",
        "HubSpot",
        ("api.hubapi.com",),
        _BEARER,
        "https://developers.hubspot.com/docs/guides/apps/private-apps/overview",
    ),
    Provider(
        "huggingface",
        "Hugging Face",
        ("huggingface.co", "router.huggingface.co"),
        _BEARER,
        "https://huggingface.co/docs/hub/security-tokens",
    ),
    Provider(
        "linear",
        "Linear",
        ("api.linear.app",),
        Header("Authorization"),
        "https://linear.app/developers/graphql",
    ),
    Provider(
        "mailgun",
        "Mailgun",
        ("api.mailgun.net", "api.eu.mailgun.net"),
        Basic("api"),
        "https://documentation.mailgun.com/docs/mailgun/api-reference/mg-auth",
    ),
    Provider("mistral", "Mistral AI", ("api.mistral.ai",), _BEARER, "https://docs.mistral.ai/api"),
    Provider(
        "notion",
        "Notion",
        ("api.notion.com",),
        _BEARER,
        "https://developers.notion.com/reference/authentication",
    ),
    Provider(
        "npm", "npm", ("registry.npmjs.org",), _BEARER, "https://docs.npmjs.com/about-access-tokens"
    ),
    Provider(
        "openai",
        "OpenAI",
        ("api.openai.com",),
        _BEARER,
        "https://platform.openai.com/docs/api-reference/authentication",
    ),
    Provider(
        "openrouter",
        "OpenRouter",
        ("openrouter.ai",),
        _BEARER,
        "https://openrouter.ai/docs/api/reference/authentication",
    ),
    Provider(
        "pagerduty",
        "PagerDuty",
        ("api.pagerduty.com",),
        Header("Authorization", "Token token={value}"),
        "https://developer.pagerduty.com/docs/authentication",
    ),
    Provider(
        "postmark",
        "Postmark",
        ("api.postmarkapp.com",),
        Header("X-Postmark-Server-Token"),
        "https://postmarkapp.com/developer/api/overview",
    ),
    Provider(
        "pypi",
        "PyPI (upload)",
        ("upload.pypi.org",),
        Basic("__token__"),
        "https://pypi.org/help/#apitoken",
    ),
    Provider(
        "replicate",
        "Replicate",
        ("api.replicate.com",),
        _BEARER,
        "https://replicate.com/docs/reference/http",
    ),
    Provider(
        "sendgrid",
        "SendGrid",
        ("api.sendgrid.com",),
        _BEARER,
        "https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/"
        "authentication",
    ),
    Provider("sentry", "Sentry", ("sentry.io",), _BEARER, "https://docs.sentry.io/api/auth/"),
    Provider(
        "shopify",
        "Shopify Admin",
        ("*.myshopify.com",),
        Header("X-Shopify-Access-Token"),
        "https://shopify.dev/docs/api/admin-rest#authentication",
    ),
    Provider(
        "slack",
        "Slack",
        ("slack.com", "files.slack.com"),
        _BEARER,
        "https://docs.slack.dev/apis/web-api/#authentication",
    ),
    Provider(
        "stripe",
        "Stripe",
        ("api.stripe.com", "files.stripe.com"),
        _BEARER,
        "https://docs.stripe.com/api/authentication",
    ),
    Provider(
        "vercel",
        "Vercel",
        ("api.vercel.com",),
        _BEARER,
        "https://vercel.com/docs/rest-api#authentication",
    ),
)


def find_provider(slug: str) -> Provider | None:
    """The provider of that name in lower case."""
    return next((provider for provider in PROVIDERS if provider.slug == slug), None)


def usual_destination(host: str) -> Destination:
    """The destination `host`, as a well-known service takes its key there, else as a bearer token.

    Raises DestinationError.
    """
    named = parse_destination({"host": host})
    known = (item for provider in PROVIDERS for item in provider.destinations)
    return next((item for item in known if item.wire_host == named.wire_host), named)
