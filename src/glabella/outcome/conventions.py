"""What every outcome is for, and the names of expressions and grades."""

FRAME = "research and education, not a medical device"
EXPRESSIONS = ("rest", "maximum_frown", "brow_raise", "smile", "eye_closure")
CONTRACTION = {"glabellar": "maximum_frown", "forehead": "brow_raise", "lateral_canthal_left": "smile", "lateral_canthal_right": "smile"}
GRADES = ("none", "mild", "moderate", "severe")  # 0 to 3 of the Facial Wrinkle Scale
