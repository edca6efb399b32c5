"""What benchmarks.predict measures and promises, on a network of milliseconds."""

from dataclasses import replace

from benchmarks import predict as benchmark
from tests.trainer.networks import nano_config, nano_model


def test_each_part_is_measured_and_the_network_left_as_it_was(body_layer):
    model = nano_model(body_layer, nano_config())
    backbone = model.backbone
    one = benchmark.measure("448-S", model, batch=2, rounds=2, device="cpu")
    assert model.backbone is backbone
    assert min(one.backbone_ms, one.head_ms, one.body_ms) > 0 and one.memory_mib > 10
    assert one.ratio == one.whole_ms / one.backbone_ms
    assert one.images_per_s > 0 and 0 < one.people <= benchmark.PEOPLE


def test_each_promise_can_be_missed():
    cost = benchmark.Cost(
        size="896-L", batch=1, people=4, device="cpu", images_per_s=1, whole_ms=1000, backbone_ms=800, head_ms=100,
        body_ms=100, ratio=1.25, memory_mib=1000,
    )  # fmt: skip
    assert [line.holds for line in benchmark.lines_of([cost])] == [True]
    assert [line.holds for line in benchmark.lines_of([replace(cost, ratio=1.4)])] == [False]
    assert benchmark.lines_of([replace(cost, size="448-S")]) == [], "of small networks and single pictures it is stated"
    fast = replace(cost, size="448-S", device="NVIDIA H200")
    assert [line.holds for line in benchmark.lines_of([fast, replace(fast, images_per_s=101)])] == [False, True]
    assert len(benchmark.lines_of([replace(fast, batch=32, images_per_s=501)])) == 2
