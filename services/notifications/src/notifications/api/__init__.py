"""The HTTP routes of the notifications service."""

from notifications.api import contacts, feed, follows, inbox, subscriptions

ROUTERS = (feed.router, follows.router, contacts.router, subscriptions.router, inbox.router)
