from tests.humgen_double.fixtures import addon, other, same, spoiled

__all__ = ["addon", "other", "same", "spoiled"]
