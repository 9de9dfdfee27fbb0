"""What pages and routes share."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from glabella.app.heavy import Heavy
from glabella.app.photos import Photos
from glabella.app.store import Store

if TYPE_CHECKING:
    from glabella.app.workbench import Workbench


@dataclass(frozen=True)
class Settings:
    """Where the app runs and keeps its file. ``address`` is the one to type into the browser."""

    data: Path
    host: str
    port: int

    @property
    def address(self) -> str:
        """Of the first page."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}/"


@dataclass(frozen=True)
class Services:
    """One of each for the whole process: the workbench computes, the store keeps, ``heavy`` runs what takes long beside the event loop,
    ``photos`` holds pictures while a page needs them."""

    workbench: "Workbench"
    store: Store
    settings: Settings
    heavy: Heavy
    photos: Photos
