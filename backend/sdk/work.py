"""For handlers: events as they arrive, the protocol of those that call the outside, and the channels by which messages leave."""

from backend.data.channels import Channel as Channel
from backend.data.channels import ChannelError as ChannelError
from backend.data.events import Event as Event
from backend.modules.contract import OutsideHandler as OutsideHandler
