{{ audience_definitions() }}
