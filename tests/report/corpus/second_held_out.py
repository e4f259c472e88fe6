"""Secrets once more, written after what the first held-out texts taught had been learned: the final judge."""

from __future__ import annotations

TEMPLATES: dict[str, list[str]] = {
    "password, key=value": [
        "‹time› TRACE env SMTP_PASSWORD=‹password› SMTP_PORT=25",
        "ldap.bind.password: ‹password›",
        "quarkus.datasource.password = ‹password›",
    ],
    "password, JSON": [
        '{"level":"error","ctx":{"pwd":"‹password›"}}',
        "{'PASSWORD': '‹password›', 'HOST': 'localhost'}",
        '{"ПарольПользователя":"‹password›"}',
    ],
    "password, XML": [
        '<binding user="svc" Password="‹password›" />',
        "<m:password>‹password›</m:password>",
        '<entry key="db.password">‹password›</entry>',
    ],
    "password, YAML and TOML": [
        "  - name: DB_PASSWORD\n    value: ‹password›\n",
        "redis:\n  password: '‹password›'\n",
    ],
    "password, multi-line": ["Password:\n  ‹password›\n", "Введите пароль:\n‹password›\nOK"],
    "password, told by a person": [
        "Пароль: ‹password› , логин ivanov",
        "use password ‹password› to enter",
        "пароль был ‹password›, теперь не пускает",
    ],
    "password, command line": [
        "mysql -uroot -p‹password› -e 'select 1'",
        "pg_dump --dbname=postgresql://svc:‹word›@db/erp",
        "plink -ssh svc@srv -pw ‹password›",
        "sshpass -p'‹password›' scp a b",
        "rdesktop -u anna -p ‹password› srv",
        "xfreerdp /u:anna /p:‹password› /v:srv",
        "kinit anna <<< ‹password›",
    ],
    "1C password": [
        '/N "Админ" /P "‹password›" /Execute x.epf',
        "Файл: Srvr=srv;Ref=ut;Usr=robot;Pwd=‹word›",
        "DBSrvr=db;DB=ut;DBUID=sa;DBPwd=‹password›;",
    ],
    "connection string, ODBC and ADO": [
        "Uid=svc; Pwd=‹password›; Encrypt=no;",
        "User Id=svc;PWD=‹tricky›;Pooling=true",
    ],
    "address, user-info": ["remote: http://anna:‹word›@proxy:8080/", "ssh://‹word›:‹digits6›@host.example/x"],
    "address, query": ["POST /token?client_secret=‹word› 401", "https://a.example/p?x=‹hex32›#y"],
    "cookie": ["Cookie: PHPSESSID=‹hex32›", "set-cookie: auth=‹jwt›; Secure"],
    "authorization header": ["authorization: Basic ‹basic›", '"Authorization": ["Bearer ‹hex40›"]'],
    "other secret headers": ["X-Access-Token: ‹hex40›", "api-key: ‹hex32›", "X-XSRF-TOKEN: ‹word›"],
    "token by name": [
        "refreshToken: '‹hex64›'",
        "jwt_secret=‹word›",
        "session_key=‹hex32›",
        "приватный токен ‹hex40›",
    ],
    "JWT": ["(‹jwt›)", "jwt=‹jwt›&x=1"],
    "private key, PEM": ["-----BEGIN PRIVATE KEY-----\n‹pem›\n-----END PRIVATE KEY-----"],
    "AWS key": ["'accessKeyId': '‹aws_id›'", "secret_access_key: ‹aws_secret›"],
    "Azure key": ["SharedAccessKey=‹azure_key›", "client secret ‹azure_secret›"],
    "GitHub token": ["git remote set-url origin https://x:‹github›@github.com/a/b"],
    "GitLab token": ["PRIVATE-TOKEN: ‹gitlab›"],
    "Slack token": ["{token: ‹slack›}"],
    "Telegram bot token": ["bot_token: ‹telegram›"],
    "Yandex Cloud key": ["Authorization: Api-Key ‹yandex_key›", "token ‹yandex_oauth›"],
    "e-mail": ["E-mail: ‹email›;", "«‹email›»", "user ‹email›: denied"],
    "phone, Russian": ["Тел.: ‹phone›", "моб ‹phone›", "Телефон (раб.): ‹phone›"],
    "phone, other countries": ["mobile: ‹phone_abroad›", "fax ‹phone_abroad›"],
    "card number": ["Номер карты: ‹card›", "card_number=‹card›&cvc=1"],
    "home directory": ["~ is /home/‹user›", r"C:\Users\‹user_ru›\Desktop\x.txt", "open('/Users/‹user›/a')"],
    "user name": ["user=‹this_user› ", "‹this_user›@localhost"],
    "host name": ["‹host› is down", "smb://‹label›/share", "server: ‹host›", "Srvr='‹label›'", "ssh ‹host›"],
    "private address": ["‹address›/24", "from ‹address› port 22", "addr=‹address›"],
}
