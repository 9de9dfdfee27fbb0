"""The command line: parse, call, print. Every error is one line on stderr; 0 done, 1 refused, 2 bad input, 130 interrupted."""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from glabella.commands.common import BAD_INPUT, INTERRUPTED, REFUSED
from glabella.errors import GlabellaError, InputError, RefusedError, nearest

EPILOG = "Research and education, not a medical device."
COMMANDS = {  # name -> module in glabella.commands, and its function
    "app": ("app", "app"),
    "ask": ("ask", "ask"),
    "check": ("check", "check"),
    "compare": ("compare", "compare"),
    "demo": ("simulate", "demo"),
    "effects": ("effects", "effects"),
    "follow-up": ("follow_up", "follow_up"),
    "photo": ("photo", "photo"),
    "photo-series": ("photo_series", "photo_series"),
    "plan": ("plan", "plan_dose"),
    "providers": ("providers", "providers"),
    "risk-map": ("risk_map", "risk_map"),
    "show": ("show", "show"),
    "simulate": ("simulate", "simulate"),
    "trial": ("trial", "trial"),
    "uses": ("uses", "uses"),
    "validate": ("validate", "validate"),
}


class Commands(click.Group):
    """A group that imports a command when it is asked for, and whose errors, click's own included, are one line on stderr."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, sorted."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, function = COMMANDS[cmd_name]
        return getattr(import_module(f"glabella.commands.{module}"), function)

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, *rest: Any, **extra: Any) -> Any:
        """Run and leave with the exit code."""
        extra.pop("standalone_mode", None)
        try:
            code = super().main(args, prog_name, *rest, standalone_mode=False, **extra)
        except RefusedError as error:
            code = _complain(str(error), REFUSED)
        except GlabellaError as error:
            code = _complain(f"error: {error}", BAD_INPUT)
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.ctx.get_help() if error.ctx else "")
            code = 0
        except click.ClickException as error:
            code = _complain(f"error: {error.format_message()}", BAD_INPUT)
        except (KeyboardInterrupt, click.Abort):
            code = _complain("interrupted, nothing was written", INTERRUPTED)
        except BrokenPipeError:
            sys.stderr.close()
            code = 0
        except OSError as error:  # files have their own messages: this is the standard output, a full disk for instance
            reason = (error.strerror or str(error)).lower()
            code = _complain(f"error: the output cannot be written ({reason}); make room, or send it elsewhere", BAD_INPUT)
        sys.exit(code if isinstance(code, int) else 0)

    def invoke(self, ctx: click.Context) -> Any:
        """Keep click from printing its own line for Ctrl-C."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise click.Abort from None

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """An unknown command names the nearest one."""
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            raise InputError(f"command '{args[0]}' is unknown; {nearest(args[0], self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)


def _complain(message: str, code: int) -> int:
    """One line on stderr, whatever the message holds."""
    click.echo(" ".join(message.split()), err=True)
    return code


@click.group(cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="glabella", message="%(prog)s %(version)s")
def main() -> None:
    """Simulate treatments with botulinum toxin: from the needle to the skin, over the months, with uncertainty and sources."""


if __name__ == "__main__":
    main()
