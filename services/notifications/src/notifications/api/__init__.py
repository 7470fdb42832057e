"""The HTTP routes of the notifications service."""

from notifications.api import contacts, feed, follows, inbox, lines, subscriptions

ROUTERS = (feed.router, follows.router, lines.router, contacts.router, subscriptions.router, inbox.router)
