"""What may be shown: small groups are suppressed before anything is saved, shown or printed."""

from compendium.disclosure.suppression import (
    NOT_STATED,
    SUPPRESSED,
    hidden_groups,
    mask_hidden_groups,
    suppress_small_groups,
)

__all__ = ["NOT_STATED", "SUPPRESSED", "hidden_groups", "mask_hidden_groups", "suppress_small_groups"]
