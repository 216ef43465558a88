"""What other people's code may do wrong, as errors of single articles."""

from newsmoe.errors import PredictionError
from newsmoe.prediction import InputStats, Prediction
from newsmoe.record import ItemError, Stage

MAX_MESSAGE = 500  # characters; a message may hold the whole text of an article


def item_error(task: str, expert: str | None, error: BaseException, stage: Stage) -> ItemError:
    """Return the item error of an exception."""
    try:
        message = " ".join(str(error).encode(errors="replace").decode().split())
    except Exception:  # noqa: BLE001  # other people's exceptions may fail to tell what they are
        message = ""
    message = message[:MAX_MESSAGE] or "no message"
    return ItemError(task=task, expert=expert, type=type(error).__name__, message=message, stage=stage)


def checked_prediction(prediction: Prediction) -> Prediction:
    """Return a prediction as JSON will hold it; raise PredictionError where it breaks the contract."""
    if not isinstance(prediction, Prediction):
        raise PredictionError(f"returned {type(prediction).__name__}, expected Summary, Labels or Fields")
    try:
        prediction = prediction.to_json_safe()
    except (TypeError, ValueError) as error:  # a failure to serialize is a ValueError
        raise PredictionError(f"the prediction cannot be written as JSON: {error}") from None
    if problem := prediction.validation_error():
        raise PredictionError(problem)
    if not isinstance(prediction.input_stats, InputStats | None):
        kind = type(prediction.input_stats).__name__
        raise PredictionError(f"the prediction's input_stats is a {kind}, not an InputStats")
    return prediction
