"""Statistics: plain functions on numbers, nothing about models or runs."""
