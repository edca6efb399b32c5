"""Jobs for farm managers, as text: each only calls `cuffs render` with limits that were measured."""
