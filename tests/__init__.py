"""Annotations are checked on every call during tests: shapes by jaxtyping, types by beartype, ints as floats too."""

from beartype import BeartypeConf, beartype

check = beartype(conf=BeartypeConf(is_pep484_tower=True))
