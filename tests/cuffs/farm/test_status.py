"""`cuffs status`, telemetry and the file for Prometheus, while a run goes on and after it."""

import json
import re
from dataclasses import replace

import pytest

from cuffs.farm.causes import failure_table
from cuffs.farm.prometheus import prometheus_text
from cuffs.farm.status import StatusReader, duration, status_lines
from cuffs.farm.telemetry import read_telemetry
from cuffs.farm.totals import TotalsKeeper, totals_lines
from cuffs.farm.tries import new_failure
from cuffs.plan import read_plan
from tests.cuffs.farm.runs import LONG_S, at_work, blenders, cuffs, finished_slots, start, until

pytestmark = [pytest.mark.bpy, pytest.mark.slow]

SAMPLE = re.compile(r'^[a-z_]+\{([a-z_]+="(?:[^"\\\n]|\\.)*",?)+\} [0-9.e+-]+$')
COMMENT = re.compile(r"^# (HELP [a-z_]+ .+|TYPE [a-z_]+ (gauge|counter|summary))$")


def values(text):
    """A Prometheus file's values by name and labels; every line must be of the published form."""
    found = {}
    for line in text.splitlines():
        assert SAMPLE.match(line) or COMMENT.match(line), line
        if not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            assert name not in found, f"{name} comes twice"
            found[name] = float(value)
    return found


def test_a_run_is_followed_while_it_goes_on(fresh, tmp_path):
    run = start("render", fresh, "--threads", 1, "--prometheus", tmp_path / "cuffs.prom", log=tmp_path / "log")
    reader, looks = StatusReader(fresh, read_plan(fresh)), []
    while run.poll() is None:
        looks.append(reader.look())
        if len(looks) == 1:
            shown = cuffs("status", fresh, "--as-json")
            assert shown.returncode == 0, shown.stderr
    looks.append(reader.look())
    assert run.returncode == 0, (tmp_path / "log").read_text()
    finished = [look.finished for look in looks]
    assert finished == sorted(finished)
    assert len(set(finished)) > 4
    seen = [worker for look in looks for worker in look.workers if worker.scenes]
    assert {worker.pid for worker in seen} == {record.pid for record in read_telemetry(fresh)}
    assert {key for worker in seen for key in worker.scenes} <= {record.key for record in read_telemetry(fresh)}
    assert any(look.images_an_hour for look in looks[:-1])
    last = looks[-1]
    assert (last.finished, last.samples, last.packed, last.left_s, last.workers) == (9, 9, 3, 0.0, ())
    assert json.loads(shown.stdout)["slots"] == 9
    exported = values((tmp_path / "cuffs.prom").read_text())
    assert exported['cuffs_slots_finished{plan="tiny"}'] == 9
    assert exported['cuffs_scenes_total{plan="tiny",outcome="done"}'] == 9
    assert "9 of 9 slots finished (100.0%)" in cuffs("status", fresh).stdout


def test_a_killed_run_shows_who_is_gone_and_what_a_stopped_one_is_at(fresh, tmp_path):
    run = start("render", fresh, "--threads", 1, log=tmp_path / "log")
    until(lambda: at_work(fresh) and finished_slots(fresh), "a scene after the first")
    blender = blenders(run.pid)[0]
    blender.suspend()
    (worker,) = at_work(fresh)
    until(lambda: at_work(fresh)[0].scene_s > 3, "three seconds")
    (later,) = at_work(fresh)
    assert later.scenes[0] in worker.scenes
    assert later.silent_s < later.scene_s + 1  # its worker still gives signs of life
    text = "\n".join(status_lines(StatusReader(fresh, read_plan(fresh)).look()))
    assert f"process {worker.pid}, chunk {worker.chunk}: at {later.scenes[0]} for " in text
    run.kill()
    run.wait(LONG_S)
    until(lambda: not blender.is_running() or blender.status() == "zombie", "Blender's end with its worker's")
    text = "\n".join(status_lines(StatusReader(fresh, read_plan(fresh)).look()))
    assert "gone; run `cuffs render` again" in text or "nobody is at work" in text
    assert "at work" in text or "gone" in text


def test_totals_are_those_of_the_lines_however_they_come(serial, tmp_path):
    records = read_telemetry(serial)
    whole = TotalsKeeper(serial).look()
    assert whole.scenes == len(records) == 9
    assert whole.people == sum(record.people for record in records)
    assert whole.parts["render"].total_s == pytest.approx(sum(record.render_s for record in records), abs=1e-3)
    assert whole.outcomes == {"done": 9}
    lines = b"".join(path.read_bytes() for path in sorted((serial / "telemetry").glob("*.jsonl")))
    (tmp_path / "telemetry").mkdir()
    keeper, path = TotalsKeeper(tmp_path), tmp_path / "telemetry" / "one.jsonl"
    for end in (0, 10, len(lines) // 2, len(lines) - 1, len(lines)):  # cut anywhere, also within a line
        path.write_bytes(lines[:end])
        last = keeper.look()
        assert last.scenes == lines[:end].count(b"\n")
    assert last == whole
    assert "9 scenes" in "\n".join(totals_lines(whole))


def test_mixed_versions_are_named(serial, tmp_path):
    (tmp_path / "telemetry").mkdir()
    line = json.loads(next((serial / "telemetry").glob("*.jsonl")).read_text().splitlines()[0])
    other = line | {"versions": line["versions"] | {"numpy": "9.9.9"}, "host": "elsewhere"}
    (tmp_path / "telemetry" / "one.jsonl").write_text(json.dumps(line) + "\n" + json.dumps(other) + "\n")
    text = "\n".join(totals_lines(TotalsKeeper(tmp_path).look()))
    assert f"MIXED VERSIONS of numpy: {line['versions']['numpy']}, 9.9.9" in text
    assert "elsewhere: 1 scenes by 1 processes" in text


def test_failures_are_counted_by_cause_tries_and_scenes_apart():
    failures = [new_failure(f"k{n % 2}", n % 2, cause="time_out", detail="") for n in range(5)]
    failures.append(new_failure("k9", 9, cause="memory_cap", detail=""))
    first, second = failure_table(failures)
    assert (first.cause, first.tries, first.scenes, first.example) == ("time_out", 5, 2, "k0")
    assert (second.cause, second.tries, second.scenes) == ("memory_cap", 1, 1)
    assert failure_table([]) == ()


def test_names_with_quotes_keep_the_file_readable(serial):
    status = StatusReader(serial, read_plan(serial)).look()
    odd = replace(status, name='a "b"\\\n', failed_tries=failure_table([new_failure("k", 0, cause='"', detail="")]))
    found = values(prometheus_text(odd, TotalsKeeper(serial).look()))
    assert any(r'plan="a \"b\"\\\n",cause="\""' in name for name in found)
    assert all(value >= 0 for value in found.values())


def test_lengths_of_time_are_said_as_people_do():
    said = [duration(s) for s in (0.4, 12, 70, 3600, 7500, 100_000)]
    assert said == ["0 s", "12 s", "1 min 10 s", "1 h 0 min", "2 h 5 min", "1 d 3 h"]
