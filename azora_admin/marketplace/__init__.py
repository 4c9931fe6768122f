"""Courses: what is for sale, how its price is shared, and who may open it."""
