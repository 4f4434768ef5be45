"""What the desk's pages take from the room that all pages share."""

from portal.web.answering import config, now, refused, to

__all__ = ["config", "now", "refused", "to"]
