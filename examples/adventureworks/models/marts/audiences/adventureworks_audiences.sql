{{ braze_bridge.audience_definitions() }}
