"""``wakesound completion``: let a shell complete commands and options."""

from __future__ import annotations

import click

from runtime.cli.options import examples


@click.command(
    "completion",
    epilog=examples(
        "wakesound completion bash > ~/.bash_completion.d/wakesound",
        "wakesound completion zsh > ~/.zfunc/_wakesound",
        "wakesound completion fish > ~/.config/fish/completions/wakesound.fish",
    ),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the script that lets a shell complete commands and options.

    The completion script is printed; write it where the shell looks for completions.
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(ctx.find_root().command, {}, "wakesound", "_WAKESOUND_COMPLETE").source())
