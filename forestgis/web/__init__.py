"""Pages common to all apps: base templates, navigation, the map page, error pages."""
