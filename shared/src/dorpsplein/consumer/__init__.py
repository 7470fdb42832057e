"""The consumer: brings events into a service, a batch at a time, each with exactly one effect.

Promise: records of a partition are applied in order; a batch is applied in one transaction together with the
inbox that knows what was already applied, and its position is committed after that. Whatever is killed, cut or
repeated, state changes once an event. A record that can never be applied is parked with its reason and the
rest goes on; when nothing but such records comes, the consumer halts and keeps its place.

On a stop or a rebalance the running batch is finished and committed first.
"""

from dorpsplein.consumer.batches import HOLD_OFF, INBOX, Consumer, unseen
from dorpsplein.consumer.projection import Apply, Projection
from dorpsplein.consumer.subscriptions import subscribe

__all__ = ["HOLD_OFF", "INBOX", "Apply", "Consumer", "Projection", "subscribe", "unseen"]
