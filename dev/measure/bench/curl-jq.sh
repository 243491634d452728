# A common `run:` step.
token=$(curl -s -u "$CLIENT_ID:$CLIENT_SECRET" -d grant_type=client_credentials "$TOKEN_URL" | jq -r .access_token)
echo "access-token=$token" >> "$GITHUB_OUTPUT"
