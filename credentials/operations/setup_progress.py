"""The progress of a new tenant, for the checklist of its owners and admins."""

from access.actions import Action
from credentials.context import CredentialContext, operation
from credentials.models import Credential
from credentials.shapes.setup_progress import SetupProgressOut
from tenants.models import Agent, Invitation, Membership


@operation(Action.SHOW_SETUP_PROGRESS)
def show_setup_progress(context: CredentialContext) -> SetupProgressOut:
    """Which of the first steps are done."""
    actor = context.actor
    several = Membership.objects.filter(tenant_id=actor.tenant_id)[1:2].exists()
    return SetupProgressOut(
        has_credential=Credential.objects.of(actor).exists(),
        agent_called=Agent.objects.of(actor).filter(first_call_at__isnull=False).exists(),
        has_company=several or Invitation.objects.filter(tenant_id=actor.tenant_id).exists(),
    )
