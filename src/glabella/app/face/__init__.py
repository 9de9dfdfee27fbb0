"""The 3D face of the app: what the page needs to draw one person, and the element that shows it."""

from glabella.app.face.bundle import face_bundle
from glabella.app.face.overlays import dose_overlay, risk_overlay
from glabella.app.face.view import FaceView

__all__ = ["FaceView", "dose_overlay", "face_bundle", "risk_overlay"]
