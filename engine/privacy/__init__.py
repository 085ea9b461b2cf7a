"""What must not be recognised: keys outside the shop, names that stand for people, and free text without addresses.

outside     what lies in the configuration folder by shop_id, and the key of a shop's contacts and pseudonyms
pseudonyms  one spelling per e-mail address and phone number, and the keyed names that stand for them
masking     e-mail addresses, phone, identity and card numbers taken out of free text
"""

from engine.privacy.masking import masked
from engine.privacy.outside import folder_of, replace, shop_key
from engine.privacy.pseudonyms import (
    ERASED,
    looks_personal,
    normal_email,
    normal_phone,
    pseudonym,
    pseudonyms,
    tokens,
)

__all__ = [
    "ERASED", "folder_of", "looks_personal", "masked", "normal_email", "normal_phone", "pseudonym", "pseudonyms",
    "replace", "shop_key", "tokens",
]  # fmt: skip
