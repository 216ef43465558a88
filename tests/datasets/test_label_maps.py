from newsmoe.datasets.label_maps import map_label, merge_scores


def test_an_empty_map_changes_no_label() -> None:
    assert map_label("World", {}) == ("World", ("World",))


def test_a_label_maps_to_one_to_several_or_to_none() -> None:
    label_map = {"Sports": "sport", "World": ("politics", "crime")}
    assert map_label("Sports", label_map) == ("sport", ("sport",))
    assert map_label("World", label_map) == ("World", ("politics", "crime"))
    assert map_label("Weather", label_map) is None


def test_scores_are_summed_by_label_of_the_data() -> None:
    scores = {"politics": 0.25, "crime": 0.5, "sport": 0.25}
    wider = {"politics": "World", "crime": "World"}
    assert merge_scores(scores, wider) == {"World": 0.75, "sport": 0.25}
