"""`diadem completion`: what makes a shell complete the command, its options and its names."""

from __future__ import annotations

import click

_PROGRAM, _VARIABLE = "diadem", "_DIADEM_COMPLETE"
_EXAMPLES = """\b
Examples:
  eval "$(diadem completion bash)"                      # now, and in ~/.bashrc always
  eval "$(diadem completion zsh)"                       # in ~/.zshrc
  diadem completion fish > ~/.config/fish/completions/diadem.fish
"""


@click.command(epilog=_EXAMPLES)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script that makes SHELL complete verbs, options and names.

    Names of figures, tables, embeddings, profiles, tasks and datasets are completed.
    """
    from click.shell_completion import get_completion_class

    script = get_completion_class(shell)
    if script is None:  # every one of the choices has its class
        raise click.UsageError(shell)
    click.echo(script(ctx.find_root().command, {}, _PROGRAM, _VARIABLE).source())
