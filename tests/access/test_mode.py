"""How people get in, and when the server must not serve at all."""

import secrets

import pytest

from engine.access import mode
from engine.access.mode import Provider
from engine.errors import NotAllowed

GOOD = "PmAIQ2lZ0c5LJ5sZVYbI0mTqkHn3RjzZ2oV9x8w1Uqg"


def test_without_accounts_and_provider_it_is_one_person_on_this_machine(config):
    for address in ("127.0.0.1", "::1", "localhost"):
        assert mode.mode(config, None, address) == "single"


@pytest.mark.parametrize("address", ["", "0.0.0.0", "::", "192.168.1.20", "offerlab.lan", "127.0.0.1.example"])
def test_bound_to_another_address_it_serves_only_who_signs_in(config, address, four):
    assert mode.mode(four, None, address) == "accounts"
    assert mode.mode(config, Provider(GOOD), address) == "oidc"
    with pytest.raises(NotAllowed, match="so it serves nothing"):
        mode.mode(config.parent / "empty", None, address)


def test_a_provider_counts_before_accounts(four):
    assert mode.mode(four, Provider(GOOD), "127.0.0.1") == "oidc"


@pytest.mark.parametrize(
    ("secret", "sentence"),
    [
        ("", "has 0 bytes"),
        ("xxx", "has 3 bytes"),
        (GOOD[:31], "has 31 bytes"),
        ("x" * 64, "others can guess"),
        ("0" * 64, "others can guess"),
        ("changeme" * 8, "others can guess"),
        ("change-me-change-me-change-me-change-me", "others can guess"),
        ("your-strong-cookie-secret-goes-here-please", "others can guess"),
        ("a_very_long_SECRET_key_for_the_app_9431", "others can guess"),
        ("replace this with a long string of letters", "others can guess"),
        ("1234567890123456789012345678901234567890", "others can guess"),
        ("0123456789abcdef0123456789abcdef", "others can guess"),
    ],
)
def test_a_short_or_a_sample_cookie_secret_is_refused(config, secret, sentence):
    for refuse in (lambda: mode.check_secret(secret), lambda: mode.mode(config, Provider(secret), "127.0.0.1")):
        with pytest.raises(NotAllowed, match=sentence):
            refuse()


def test_secrets_as_the_sentence_advises_to_make_them_are_accepted():
    refused = 0
    for _ in range(500):
        for secret in (secrets.token_urlsafe(48), secrets.token_hex(32)):
            try:
                mode.check_secret(secret)
            except NotAllowed:
                refused += 1  # one in thousands spells a word of a sample
    assert refused <= 2
