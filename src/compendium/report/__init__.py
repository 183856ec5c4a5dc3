"""What people read: tables, figures, the book, feedback and documents."""
