"""Arrays and objects as programs write them, made JSON: literals of JavaScript and Python, comments, trailing commas.

A file that is no JSON is read again through `AsJson`. What code computes is no value here: a call gives the text or the
date in it, as in `ISODate("2026-03-02")`, and all else `null`.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from newsmoe.ingest.files import MAX_CHARACTERS
from newsmoe.ingest.padding import Readable

CHUNK = 1 << 16  # characters
MAX_BYTES = 1 << 25  # of a file; a larger one is no script, and broken JSON should not take long to refuse
MAX_DEPTH = 100  # of values inside each other
MAX_TOKENS = 1000  # of an expression that are looked at

_STRING = (  # one without an end, as an apostrophe in what a page shows, is a mark
    r"\"(?:[^\"\\\n]|\\.)*+(?:\"|\Z)|'(?:[^'\\\n]|\\.)*+(?:'|\Z)|`(?:[^`\\]|\\.)*+(?:`|\Z)"
)
_TOKEN = re.compile(
    r"(?P<nothing>[\s\ufeff]++|//[^\n]*+|#[ !][^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/|\Z))"
    rf"|(?:[uUrRbB]{{1,2}}(?=[\"']))?(?P<string>{_STRING})"
    r"|(?P<word>[^\W\d][\w$.]*+|\$[\w$.]*+)|(?P<number>-?\d[\w.]*+(?:(?<=[eE])[+-]\d++)?)|(?P<mark>.)",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:(?:x|u|U|u\{)([0-9a-fA-F]{2}(?<=x..)|[0-9a-fA-F]+)\}?|(\r\n|.))", re.DOTALL)
_CHARACTERS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v", "0": "", "\n": "", "\r\n": ""}
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_CONSTANTS = {
    **dict.fromkeys(("true", "True"), "true"),
    **dict.fromkeys(("false", "False"), "false"),
    **dict.fromkeys(("null", "None", "undefined", "NaN", "nan", "Infinity", "inf"), "null"),
}
_KEYWORDS = frozenset({"const", "let", "var", "default", "type"})
_TYPE_FOLLOWS = frozenset({"as", "satisfies"})
_PREFIXES = frozenset({"new", "await", "async", "typeof", "void", "function", "lambda"})
_METHODS = frozenset({"get", "set", "async", "static", "*", "."})
_CLOSING = {"[": "]", "{": "}", "(": ")"}
_SCRIPT = re.compile(
    r"(?:\s|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+\*/)*+(?:import|export|const|let|var|module\.exports|interface|type"
    r"|declare|['\"]use \w+['\"])\b"
)
_VALUE = re.compile(r"(?:=|\bdefault)\s*+(?:[\[{]|\Z|//)")


class LiteralError(ValueError):
    """The text is code in which no arrays and objects can be told."""


class _Token(NamedTuple):
    kind: str  # string, word, number or mark
    text: str


_END = _Token("mark", "")


def is_script(start: str) -> bool:
    """Tell whether a text that starts so is a script that gives a name to arrays or objects."""
    return bool(_SCRIPT.match(start)) and bool(_VALUE.search(start))


class AsJson:
    """A stream of JSON made of a program's literals.

    Values with names become an object of them; those that stand alone follow each other.
    """

    def __init__(self, stream: Readable) -> None:
        self._pieces = _documents(_Tokens(stream))

    def read(self, size: int, /) -> str:
        """Return about so many more characters; "" at the end."""
        pieces, length = [], 0
        while length < size and (piece := next(self._pieces, "")):
            pieces.append(piece)
            length += len(piece)
        return "".join(pieces)


class _Tokens:
    """The tokens of a text, of which the next can be seen before it is taken."""

    def __init__(self, stream: Readable) -> None:
        self._tokens = _tokens(stream)
        self.has_names = False  # of values, so that a word may stand for one
        self.next = next(self._tokens, _END)

    def take(self) -> _Token:
        """Return the next token, and go to the one after it."""
        token, self.next = self.next, next(self._tokens, _END)
        return token

    def is_at(self, *marks: str) -> bool:
        """Tell whether the next token is one of some marks; "" is the end."""
        return self.next.kind == "mark" and self.next.text in marks


def _tokens(stream: Readable) -> Iterator[_Token]:
    """Yield the tokens of a text; what is cut at the end of a chunk is read on."""
    text, more = "", " "
    while more:
        more = stream.read(max(CHUNK, len(text)))
        text += more
        if len(text) > MAX_CHARACTERS:
            raise LiteralError("a value is too long")
        end = 0
        for match in _TOKEN.finditer(text):
            if more and match.end() == len(text):
                break
            end, kind = match.end(), str(match.lastgroup)
            if kind == "string":
                yield _Token(kind, _content(match[kind]))
            elif kind != "nothing":
                yield _Token(kind, match[kind])
        text = text[end:]


def _content(string: str) -> str:
    if len(string) < 2 or string[-1] != string[0]:
        raise LiteralError("a text does not end")
    return _ESCAPE.sub(_character, string[1:-1]) if "\\" in string else string[1:-1]


def _character(escape: re.Match[str]) -> str:
    if escape[1]:
        code = int(escape[1], 16)
        return chr(code) if code <= 0x10FFFF else ""
    return _CHARACTERS.get(escape[2], escape[2])


def _documents(tokens: _Tokens) -> Iterator[str]:
    """Yield JSON of the values at the top level: of those that have names, else of those that nothing is around."""
    words: list[str] = []
    before, count, is_alone = "", 0, True
    while tokens.next != _END:
        if not tokens.is_at(*_CLOSING):
            token = tokens.take()
            _check(not count or tokens.has_names or token.text in (",", ";"), token)
            words += [token.text] if token.kind == "word" else []
            before = token.text
            is_alone = is_alone and before == ","
        elif tokens.is_at("("):
            _skip_brackets(tokens)
            before = ")"
            is_alone = False
        elif before in ("=", "default") and (tokens.has_names or not count) and (name := _name(words)):
            yield f"{',' if count else '{'}{json.dumps(name)}:"
            tokens.has_names = True
            yield from _value(tokens)
            before, count = "", count + 1
        elif is_alone and not tokens.has_names:
            yield from _value(tokens)
            yield "\n"
            count += 1
        else:
            _skip_brackets(tokens)
            before = ""
    if not count:
        raise LiteralError("there is no array and no object")
    if tokens.has_names:
        yield "}"


def _name(words: Sequence[str]) -> str | None:
    """Return the name that the words before a value give it; None for a type."""
    keyword = next((number for number in reversed(range(len(words))) if words[number] in _KEYWORDS), None)
    if words and words[-1] == "default":
        return "default"
    if words and (keyword is None or "." in words[-1]):
        return words[-1].rpartition(".")[2]
    if keyword is None or words[keyword] == "type":
        return None
    return words[keyword + 1]


def _value(tokens: _Tokens, depth: int = 0) -> Iterator[str]:
    """Yield JSON of the value that starts here, and go to what is after it."""
    if depth > MAX_DEPTH:
        raise LiteralError("nested too deeply")
    if not tokens.is_at("[", "{"):
        yield _of_expression(_expression(tokens), tokens.has_names)
        return
    yield from _array(tokens, depth) if tokens.is_at("[") else _object(tokens, depth)
    if depth and not tokens.is_at(",", *_CLOSING.values()):  # `.map(...)`, `as const`
        _check(tokens.is_at(".") or tokens.next.text in _TYPE_FOLLOWS, tokens.next)
        _expression(tokens)


def _array(tokens: _Tokens, depth: int) -> Iterator[str]:
    tokens.take()
    mark = "["
    while not _is_over(tokens, "]"):
        if tokens.is_at("."):  # the elements of another array
            _expression(tokens)
            continue
        yield mark
        yield from _value(tokens, depth + 1)
        mark = ","
    yield "[]" if mark == "[" else "]"


def _object(tokens: _Tokens, depth: int) -> Iterator[str]:
    tokens.take()
    mark = "{"
    while not _is_over(tokens, "}"):
        key = tokens.take() if tokens.next.kind != "mark" else None
        if key and tokens.is_at(":"):
            tokens.take()
            yield f"{mark}{json.dumps(key.text)}:"
            yield from _value(tokens, depth + 1)
            mark = ","
        else:  # a name whose value is elsewhere, a method, the members of another object
            _check(key is None or key.kind == "word", tokens.next)
            _check(tokens.is_at(",", "}", "(", "[", ".") or (key or tokens.next).text in _METHODS, tokens.next)
            _expression(tokens)
    yield "{}" if mark == "{" else "}"


def _check(is_sound: bool, token: _Token) -> None:
    """Raise where a token stands that code has not there, so that no broken text is read in part."""
    if not is_sound:
        raise LiteralError(f"{token.text!r} where it should not stand")


def _is_over(tokens: _Tokens, closing: str) -> bool:
    """Go to the next member or element; go past the mark that closes, and tell whether it is there."""
    while tokens.is_at(","):
        tokens.take()
    _check(not tokens.is_at("", *(set(_CLOSING.values()) - {closing})), tokens.next)
    return tokens.is_at(closing) and bool(tokens.take())


def _expression(tokens: _Tokens) -> list[_Token]:
    """Go to the comma or closing mark at the end of an expression, and return the beginning of it."""
    expression: list[_Token] = []
    depth = 0
    while depth or not tokens.is_at(",", *_CLOSING.values()):
        if tokens.next == _END:
            raise LiteralError("the text ends inside of a value")
        depth += tokens.is_at(*_CLOSING) - tokens.is_at(*_CLOSING.values())
        token = tokens.take()
        if len(expression) < MAX_TOKENS:
            expression.append(token)
    return expression


def _skip_brackets(tokens: _Tokens) -> None:
    """Go past the brackets that open here."""
    depth = 0
    while tokens.next != _END:
        depth += tokens.is_at(*_CLOSING) - tokens.is_at(*_CLOSING.values())
        tokens.take()
        if depth == 0:
            return


def _of_expression(expression: Sequence[_Token], in_script: bool) -> str:
    """Return JSON of what an expression says without being computed."""
    first, second = (*expression, _END, _END)[:2]
    follows = second.kind == "mark" or second.text in _TYPE_FOLLOWS
    _check(follows or first.text in _PREFIXES or (first.kind == "mark" and first.text in "(!-+~</"), second)
    texts = [text for kind, text in expression if kind == "string"]
    if texts and all(kind == "string" or text in ("+", "(", ")") for kind, text in expression):
        return json.dumps("".join(texts))
    if first.kind == "string":  # and code with it
        return json.dumps(first.text)
    if second == _END:
        number = first.text.replace("_", "").removesuffix("n")
        constant = number if _NUMBER.fullmatch(number) else _CONSTANTS.get(first.text)
        _check(constant is not None or in_script or first.kind == "number", first)
        return constant or "null"
    call = next((number for number, token in enumerate(expression) if token == ("mark", "(")), len(expression))
    arguments = expression[call + 1 :]
    if arguments and arguments[0].kind == "string":
        return json.dumps(arguments[0].text)
    return _of_date(expression[call - 1].text, arguments) if 0 < call < len(expression) else "null"


def _of_date(function: str, arguments: Sequence[_Token]) -> str:
    """Return JSON of the date that a call makes of numbers, as Python prints it and JavaScript has it."""
    parts = []
    for kind, text in arguments:
        if kind == "number" and text.isdecimal():
            parts.append(int(text))
        elif text != ",":
            break
    if len(parts) == 1 and function == "Date":
        return str(parts[0])
    if len(parts) < 3 or not function.lower().endswith(("date", "datetime")):
        return "null"
    months = parts[1] + (function == "Date")  # which JavaScript counts from 0
    day = f"{parts[0]:04}-{months:02}-{parts[2]:02}"
    clock = [*parts[3:6], 0, 0, 0][:3]
    return json.dumps(day if len(parts) == 3 else f"{day}T{clock[0]:02}:{clock[1]:02}:{clock[2]:02}")
