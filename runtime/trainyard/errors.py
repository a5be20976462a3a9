"""Mistakes of the user's, told with a remedy and no stack, as everywhere in Trainyard; and of a client's."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Problem:
    """What is wrong, what to do about it. `code` is stable and kebab-case; `file` is the file it is in."""

    code: str
    message: str
    remedy: str
    file: str | None = None

    def to_json(self) -> dict[str, object]:
        """The form of `Problem` in core/errors.ts."""
        fields: dict[str, object] = {k: v for k, v in asdict(self).items() if v is not None and k != "file"}
        if self.file is not None:
            fields["where"] = {"kind": "file", "file": self.file}
        return fields


class UserError(Exception):
    """The user's to mend."""

    def __init__(self, code: str, message: str, remedy: str, file: str | None = None) -> None:
        super().__init__(code, message, remedy, file)
        self.problem = Problem(code, message, remedy, file)

    def __str__(self) -> str:
        """`code: message remedy`."""
        return f"{self.problem.code}: {self.problem.message} {self.problem.remedy}"


class InvalidInputError(Exception):
    """The client's to mend: answered with `status`. `code` is stable and kebab-case."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def not_acceptable(message: str) -> InvalidInputError:
    """What a model answers has not the form that the client asked for."""
    return InvalidInputError("not-acceptable", message, 406)
