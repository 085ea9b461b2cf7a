"""Commands about local accounts. Whoever may write the configuration folder may use them: that is permission enough."""

import sys
from datetime import UTC, datetime
from typing import Any, get_args

import click

from engine import settings as environment
from engine.access import accounts as local
from engine.access.roles import Role
from engine.commands import main, print_json

_role = click.Choice(get_args(Role))


def _password(prompt: str) -> str:
    """Typed twice without being shown, or the first line that is piped in; no argument, which others can list."""
    if sys.stdin.isatty():
        return click.prompt(prompt, hide_input=True, confirmation_prompt=True, err=True)
    return sys.stdin.readline().rstrip("\r\n")


@main.group()
def accounts() -> None:
    """Who signs in with a password. Passwords are typed, or piped in; never given as an argument."""


@accounts.command("add")
@click.argument("name")
@click.option("--role", type=_role, default="marketer", show_default=True, help="The first account is an admin's.")
def add_account(name: str, role: Any) -> None:
    """Make an account. From the first one on, everybody signs in."""
    config, password = environment.read().config, _password(f"Password of {name}")
    made = local.add(config, name, password, role, datetime.now(UTC))
    print_json({"account": made.name, "role": made.role})


@accounts.command("list")
def list_accounts() -> None:
    """Every account with its role."""
    found = local.listed(environment.read().config)
    print_json({"accounts": [{"name": one.name, "role": one.role, "disabled": int(one.disabled)} for one in found]})


@accounts.command("role")
@click.argument("name")
@click.argument("role", type=_role)
def change_role(name: str, role: Any) -> None:
    """Give an account another role; it holds at the person's next click."""
    local.set_role(environment.read().config, name, role)
    print_json({"account": name, "role": role})


@accounts.command("disable")
@click.argument("name")
@click.option("--undo", is_flag=True, help="Let the account sign in again.")
def disable_account(name: str, undo: bool) -> None:
    """Sign an account out everywhere and let it in no more."""
    local.set_disabled(environment.read().config, name, not undo, datetime.now(UTC))
    print_json({"account": name, "disabled": int(not undo)})


@accounts.command("password")
@click.argument("name")
def change_password(name: str) -> None:
    """Give an account another password, and sign it out everywhere."""
    local.set_password(environment.read().config, name, _password(f"New password of {name}"), datetime.now(UTC))
    print_json({"account": name})
