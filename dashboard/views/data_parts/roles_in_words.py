"""Part of Data: what a column stands for, in words."""

import re
from typing import Any

from dashboard.text import known, t
from engine.shop.sources import roles

OWN = ""  # a column of the shop's own, kept as it is called


def role_name(given: Any) -> str:
    """What a column stands for: "price of one unit, before discount"."""
    role = str(given)
    if role == OWN:
        return t("columns.own")
    if roles.base(role) != role:
        return t("columns.in_currency", what=role_name(roles.base(role)), currency=role[-3:])
    attribute = role.partition(".")[2]
    if role.startswith(("customer.", "product.", "campaign.")):
        return t(f"columns.of_{role.partition('.')[0]}", name=attribute)
    return t(f"columns.{role}") if known(f"columns.{role}") else role


def short(role: str) -> str:
    """The same without what is said in brackets or after a comma: "price of one unit"."""
    return re.split(r" \(|（|, |; |；", role_name(role))[0]
