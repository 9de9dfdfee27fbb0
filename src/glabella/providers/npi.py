"""The check digit of a national provider identifier: Luhn's, over the number with 80840 before it."""

PREFIX_SUM = 24  # what the digits 80840 add to Luhn's sum in front of ten digits
DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)  # of a digit that counts twice, its own digits summed


def is_npi(text: str) -> bool:
    """Whether ``text`` is ten digits, the first 1 or 2, with the right check digit."""
    if len(text) != 10 or not text.isascii() or not text.isdigit() or text[0] not in "12":
        return False
    return (_sum(text[:9]) + int(text[9])) % 10 == 0


def with_check_digit(nine: str) -> str:
    """Nine digits and the tenth that belongs to them."""
    return nine + str(-_sum(nine) % 10)


def _sum(nine: str) -> int:
    digits = [int(letter) for letter in nine]
    return PREFIX_SUM + sum(DOUBLED[digit] for digit in digits[::2]) + sum(digits[1::2])
