"""What an enrollment came to, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from enroll import EnrollmentResult


def summary(result: EnrollmentResult) -> dict[str, Any]:
    """What was enrolled, as a JSON object."""
    from runtime.cli.pattern import about
    from runtime.cli.sounds import expectation

    sound, calibration = result.sound, result.calibration
    return {
        "name": sound.name,
        "takes": [
            {
                "file": take.file,
                "length_seconds": round(take.end_seconds - take.start_seconds, 3),
                "level_db": take.level_db,
                "snr_db": take.snr_db,
                "likeness": round(likeness, 4) if likeness is not None else None,
            }
            for take, likeness in _judged(result)
        ],
        "text": sound.text.written if sound.text else None,
        "understood": sound.text.text if sound.text else None,
        "threshold": sound.threshold,
        "patterns": [about(pattern, sound.name) for pattern in sound.patterns],
        "vetoes": [veto.label for veto in sound.vetoes],
        "budget_per_hour": sound.budget_per_hour,
        **expectation(calibration.expectation),
        "findings": [
            {"code": finding.code, "message": finding.message} for finding in result.findings
        ],
        "refitted": [
            {
                "name": one.after.name,
                "threshold_before": one.before.threshold,
                "threshold": one.after.threshold,
            }
            for one in result.refitted
        ],
    }


def _judged(result: EnrollmentResult) -> list[tuple[Any, float | None]]:
    """Each take with its likeness to the others, which a single one does not have."""
    takes, scores = result.sound.takes, result.calibration.scores
    return list(zip(takes, scores or [None] * len(takes), strict=True))


def show(result: EnrollmentResult) -> None:
    """Print it."""
    from rich.text import Text

    from runtime.cli import screen
    from runtime.cli.pattern import in_words

    console = screen.console()
    numbers = ("Length", "Level", "Over noise", "Likeness")
    table = screen.table("Take", *numbers, right=numbers)
    for number, (take, likeness) in enumerate(_judged(result), 1):
        table.add_row(
            str(number),
            f"{take.end_seconds - take.start_seconds:.2f} s",
            f"{take.level_db:.0f} dBFS",
            f"{take.snr_db:.0f} dB",
            "-" if likeness is None else f"{likeness:.2f}",
        )
    if result.sound.takes:
        console.print(table)
    for finding in result.findings:
        console.print(screen.note(finding.message))
    sound = result.sound
    console.print(Text.assemble("Enrolled ", (sound.name, "bold green"), "."))
    if sound.text is not None:
        console.print(f"In words: {sound.text}.", soft_wrap=True)
    for pattern in sound.patterns:
        console.print(f"Wakes on {in_words(pattern, sound)}.")
    if sound.vetoes:
        console.print(f"Not on: {', '.join(veto.label for veto in sound.vetoes)}.")
    about_it = " for a beat" if sound.patterns else f": {result.calibration}"
    console.print(f"Threshold {sound.threshold:.2f}{about_it}.", soft_wrap=True)
    for one in result.refitted:
        change = f"{one.before.threshold:.2f} -> {one.after.threshold:.2f}"
        text = f"{one.after.name} was fitted anew, or this would set it off: threshold {change}."
        console.print(text, style="dim", soft_wrap=True)
