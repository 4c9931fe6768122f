"""The stories: writes that cross domains, each told in calls, one module a story."""
