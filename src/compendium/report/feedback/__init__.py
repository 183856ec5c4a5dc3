"""Feedback for people, teams and an organisation: blocks of data, written as PDF, web page and Word."""
