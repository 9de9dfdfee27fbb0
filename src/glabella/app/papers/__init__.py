"""What leaves the app on paper or as a file: the treatment sheet, the leaflet, pictures and a solid model of the face."""
