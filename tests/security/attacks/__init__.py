"""Inputs that mean harm, or were made carelessly, by family. Each module gives its attacks; test_attacks.py tries them."""
