"""Checks annotations on every call during tests: shapes by jaxtyping, types by beartype, whole numbers as floats too."""

from beartype import BeartypeConf, beartype

check = beartype(conf=BeartypeConf(is_pep484_tower=True))
