"""The web app: a face you can treat, and watch through the months. Imports the library, is never imported by it."""
