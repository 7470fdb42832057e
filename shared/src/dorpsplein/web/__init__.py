"""The HTTP face every service has: one factory, NL API Design Rules 2.2, a problem document for every error."""

from dorpsplein.web.answers import answer_once, etag, found, from_cursor, linked, page, to_cursor
from dorpsplein.web.application import create_app
from dorpsplein.web.envelope import API_VERSION, MOST_BODY_BYTES, SECURITY_HEADERS
from dorpsplein.web.problems import (
    REFUSALS,
    RETRY_AFTER_S,
    TITLES,
    faults_document,
    problem,
    problem_document,
    rejection_document,
)
from dorpsplein.web.requests import Db, IfMatch, Now, OnlyOnce, Someone, Visitor, permitted

MOST_PAGE = 100

__all__ = [
    "API_VERSION",
    "MOST_BODY_BYTES",
    "MOST_PAGE",
    "REFUSALS",
    "RETRY_AFTER_S",
    "SECURITY_HEADERS",
    "TITLES",
    "Db",
    "IfMatch",
    "Now",
    "OnlyOnce",
    "Someone",
    "Visitor",
    "answer_once",
    "create_app",
    "etag",
    "faults_document",
    "found",
    "from_cursor",
    "linked",
    "page",
    "permitted",
    "problem",
    "problem_document",
    "rejection_document",
    "to_cursor",
]
