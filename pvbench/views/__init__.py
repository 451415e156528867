"""What each verb prints, as text for people and as data for programs: values in, words out; nothing is asked."""
