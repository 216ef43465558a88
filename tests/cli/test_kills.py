import random
from pathlib import Path

import pytest

from tests.benchmarks.kills import CASES, Case, kill


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_killed_run_loses_nothing_and_the_next_one_tidies_up(case: Case, tmp_path: Path) -> None:
    chance = random.Random(case.name)
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        kill(case, folder, chance.uniform(0.2, 2.0))
