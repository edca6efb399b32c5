"""One card, whoever writes it; an audit's verdict stands in it as long as it is of these shards."""

import re

from cuffs.cli_audit import audit_command
from cuffs.plan import read_plan
from cuffs.report.card import write_card
from cuffs.shards.reader import shard_paths
from tests.cuffs.audit.scenes import write_dataset


def test_every_command_writes_the_same_card_and_an_audit_adds_its_verdict(body, clean, tmp_path):
    folder = write_dataset(tmp_path / "set", clean[:3], body)
    before = write_card(folder, read_plan(folder)).read_text()
    assert "Not audited" in before
    audit_command(folder, workers=1)
    audited = (folder / "CARD.md").read_text()
    assert "all kept" in audited
    assert write_card(folder, read_plan(folder)).read_text() == audited
    verdict = re.compile(r"## What the labels keep to.*?(?=\n## )", re.DOTALL)
    limits = re.compile(r"\n- Not checked.*")  # which checks could not speak is part of the verdict
    assert limits.sub("", verdict.sub("", audited)) == verdict.sub("", before)
    assert len(list(folder.glob("*.md"))) == 1


def test_a_verdict_on_other_shards_is_not_this_data_s(body, clean, tmp_path):
    folder = write_dataset(tmp_path / "set", clean[:3], body)
    audit_command(folder, workers=1)
    other = write_dataset(tmp_path / "other", clean[1:4], body)
    for path in shard_paths(other):
        for file in (path, path.with_suffix(".json")):
            (folder / "shards" / file.name).write_bytes(file.read_bytes())
    assert "Not audited" in write_card(folder, read_plan(folder)).read_text()
